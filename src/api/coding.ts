/** What an answer may be packed by on its way, best first. */
export const CODINGS = ['br', 'gzip'] as const
export type Coding = (typeof CODINGS)[number]

/** Packs whole bodies. A runtime that does it by itself where a header asks for it leaves them as they are. */
export interface Packer {
  pack(coding: Coding, body: string | Uint8Array<ArrayBuffer>): Promise<string | Uint8Array<ArrayBuffer>>
}

/** The coding that a client likes best by its `Accept-Encoding`; of those it likes equally ours; `undefined` is none. */
export function chooseCoding(accept: string | null): Coding | undefined {
  if (!accept) return undefined
  const weights = new Map<string, number>()
  for (const range of accept.split(',')) {
    const [name, ...settings] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = settings.find((setting) => setting.startsWith('q='))?.slice(2)
    weights.set(name!, weight === undefined ? 1 : Number(weight) || 0)
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0
  let best: Coding | undefined
  for (const coding of CODINGS) {
    const least = best ? weightOf(best) : Math.max(0, (weights.get('identity') ?? 0) - Number.EPSILON)
    if (weightOf(coding) > least) best = coding
  }
  return best
}
