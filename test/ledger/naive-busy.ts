import { bytesToHex, prefix48 } from '../../src/wire/hash.ts'

interface Output {
  txNum: number
  vout: number
  value: bigint
  scripthash: Uint8Array
  /** txNum of who spends it. */
  spender: number | undefined
  isCoin: boolean
}

/** What a prefix may have in `history` without being busy. */
const FEW = 100

/** The rows of `busy` and `busy_coin`, from a list of all outputs that there ever were. */
export class NaiveBusy {
  readonly #outputs = new Map<string, Output>()

  funds(output: Omit<Output, 'spender'>): void {
    this.#outputs.set(`${output.txNum} ${output.vout}`, { ...output, spender: undefined })
  }

  spends(fundingTx: number, vout: number, spender: number): void {
    this.#outputs.get(`${fundingTx} ${vout}`)!.spender = spender
  }

  rows(): { busy: string[]; busy_coin: string[] } {
    const txs = new Map<number, Set<number>>()
    const byScript = new Map<string, Output[]>()
    for (const output of this.#outputs.values()) {
      const prefix = prefix48(output.scripthash)
      const touched = txs.get(prefix) ?? new Set()
      txs.set(prefix, touched.add(output.txNum))
      if (output.spender !== undefined) touched.add(output.spender)
      const key = bytesToHex(output.scripthash)
      const outputs = byScript.get(key)
      if (outputs) outputs.push(output)
      else byScript.set(key, [output])
    }
    const busy = [...byScript].filter(([, [first]]) => txs.get(prefix48(first!.scripthash))!.size > FEW)
    return {
      busy: busy.map(([key, outputs]) => `${key} ${sums(outputs)}`).sort(),
      busy_coin: busy
        .flatMap(([, outputs]) => outputs.filter(({ spender, isCoin }) => spender === undefined && isCoin))
        .map(({ scripthash, txNum, vout }) => {
          const at = `${prefix48(scripthash)} ${prefix48(scripthash.subarray(6))}`
          return `${at} ${txNum} ${vout}`
        })
        .sort(),
    }
  }
}

function sums(outputs: readonly Output[]): string {
  const spent = outputs.filter(({ spender }) => spender !== undefined)
  const total = (list: readonly Output[]) => list.reduce((sum, { value }) => sum + value, 0n)
  const txs = new Set([...outputs.map(({ txNum }) => txNum), ...spent.map(({ spender }) => spender)])
  return `${outputs.length} ${total(outputs)} ${spent.length} ${total(spent)} ${txs.size}`
}
