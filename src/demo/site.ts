import { bytesToHex } from '../wire/hash.ts'

/** Nobody waits longer than this for an answer. */
const ANSWER_WITHIN_MS = 5000

/** What a person or program gets from a relay's or node's site. `base` has no slash at its end. */
export class Site {
  readonly base: string

  constructor(base: string) {
    this.base = base
  }

  /** Hands over a raw transaction: `POST /api/tx`. `undefined` when it was taken, otherwise why not. */
  async broadcast(raw: Uint8Array, txidHex: string): Promise<string | undefined> {
    const { status, text } = await this.#ask('/api/tx', { method: 'POST', body: bytesToHex(raw) })
    if (status === 200 && text === txidHex) return undefined
    return `${status} ${text}`
  }

  /** What the API calls the block at a height, in display hex, or says instead. */
  async blockHashAt(height: number): Promise<string> {
    return (await this.#ask(`/api/block-height/${height}`)).text
  }

  /** `undefined` when the API says that this block holds the transaction, otherwise what it says. */
  async contradictsStatus(txidHex: string, blockHashHex: string, height: number): Promise<string | undefined> {
    const { status, text } = await this.#ask(`/api/tx/${txidHex}/status`)
    if (status !== 200) return `${status} ${text}`
    const said = parsed(text)
    const agrees = said?.confirmed === true && said.block_hash === blockHashHex && said.block_height === height
    return agrees ? undefined : text
  }

  /** `undefined` when the page of the transaction says that it was mined at this height, otherwise what is wrong. */
  async contradictsPage(txidHex: string, height: number): Promise<string | undefined> {
    const { status, text } = await this.#ask(`/tx/${txidHex}`, { headers: { Accept: 'text/html' } })
    if (status !== 200) return `${status}`
    if (!text.includes(txidHex)) return 'the page does not hold the txid'
    if (!text.includes('It was mined')) return 'the page does not say that it was mined'
    return text.includes(`href="/block/${height}"`) ? undefined : `the page does not name block ${height}`
  }

  /** Hash of the tip in display hex; `undefined` where there is no such answer. */
  async tipHash(): Promise<string | undefined> {
    const { status, text } = await this.#ask('/api/blocks/tip/hash')
    return status === 200 && /^[0-9a-f]{64}$/.test(text) ? text : undefined
  }

  /** Height of a block of the best chain; `undefined` where there is no such answer. */
  async heightOf(hashHex: string): Promise<number | undefined> {
    const { status, text } = await this.#ask(`/api/block/${hashHex}/status`)
    const said = status === 200 ? parsed(text) : undefined
    return said?.in_best_chain === true && typeof said.height === 'number' ? said.height : undefined
  }

  /** What `/metrics` says, labels left out; `undefined` where it does not. */
  async metrics(): Promise<{ name: string; value: number }[] | undefined> {
    const { status, text } = await this.#ask('/metrics')
    if (status !== 200) return undefined
    const lines = text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)
    return [...lines].map(([, name, value]) => ({ name: name!, value: Number(value) }))
  }

  /** Status 0 where there is no answer. */
  async #ask(path: string, request: RequestInit = {}): Promise<{ status: number; text: string }> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    try {
      const response = await fetch(`${this.base}${path}`, { ...request, signal })
      return { status: response.status, text: await response.text() }
    } catch (error) {
      return { status: 0, text: `no answer: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
