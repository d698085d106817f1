import type { Session } from './session.ts'
import type { Follower } from './watch.ts'

/** What became of a script's transaction. */
export type ScriptNews = 'mempool' | 'confirmed' | 'removed'

/** Where the transactions of the one address stand that a client follows. */
const ADDRESS_FIELDS: Record<ScriptNews, string> = {
  mempool: 'address-transactions',
  confirmed: 'block-transactions',
  removed: 'address-removed-transactions',
}
const MULTI_FIELDS = {
  addresses: 'multi-address-transactions',
  scriptpubkeys: 'multi-scriptpubkey-transactions',
}

interface Letter {
  /** Messages of their own, which go first. */
  before: string[]
  /** JSON by field. */
  fields: Map<string, string>
  txs: Map<string, object>
  scripts: Map<Follower, Record<ScriptNews, string[]>>
}

/** Gathers what each session is to be told: one message each, as clients of mempool.space get it. */
export class Outbox {
  readonly #letters = new Map<number, Letter>()

  /** `json` is one value. */
  put({ id }: Session, field: string, json: string): void {
    this.#letter(id).fields.set(field, json)
  }

  /** A message of its own, before the others. */
  first({ id }: Session, field: string, json: string): void {
    this.#letter(id).before.push(`{"${field}":${json}}`)
  }

  /** Something of one of the several transactions that a session follows. */
  putTx({ id }: Session, txidHex: string, facts: object): void {
    const { txs } = this.#letter(id)
    txs.set(txidHex, { ...txs.get(txidHex), ...facts })
  }

  /** `json` is a transaction. */
  putScriptTx(follower: Follower, news: ScriptNews, json: string): void {
    const { scripts } = this.#letter(follower.session.id)
    const lists = scripts.get(follower) ?? { mempool: [], confirmed: [], removed: [] }
    lists[news].push(json)
    scripts.set(follower, lists)
  }

  /** Session and text, in the order in which they are to be sent. */
  *messages(): Generator<[number, string]> {
    for (const [id, letter] of this.#letters) {
      for (const text of letter.before) yield [id, text]
      const fields = fieldsOf(letter)
      if (fields.size > 0) yield [id, `{${[...fields].map(([field, json]) => `"${field}":${json}`).join(',')}}`]
    }
  }

  #letter(id: number): Letter {
    let letter = this.#letters.get(id)
    if (!letter) {
      letter = { before: [], fields: new Map(), txs: new Map(), scripts: new Map() }
      this.#letters.set(id, letter)
    }
    return letter
  }
}

function fieldsOf({ fields, txs, scripts }: Letter): Map<string, string> {
  if (txs.size > 0) fields.set('tracked-txs', JSON.stringify(Object.fromEntries(txs)))
  const multi = { addresses: [] as string[], scriptpubkeys: [] as string[] }
  for (const [{ kind, name }, lists] of scripts) {
    const news = Object.entries(lists).map(([what, txs]) => [what as ScriptNews, `[${txs.join(',')}]`] as const)
    if (kind === 'address') {
      for (const [what, json] of news) if (lists[what].length > 0) fields.set(ADDRESS_FIELDS[what], json)
    } else {
      multi[kind].push(`${JSON.stringify(name)}:{${news.map(([what, json]) => `"${what}":${json}`).join(',')}}`)
    }
  }
  for (const kind of ['addresses', 'scriptpubkeys'] as const) {
    if (multi[kind].length > 0) fields.set(MULTI_FIELDS[kind], `{${multi[kind].join(',')}}`)
  }
  return fields
}
