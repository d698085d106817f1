import { always, object, string } from '../schema.ts'

export const BACKEND_INFO = object({
  hostname: string(undefined, 'What the relay calls itself.'),
  version: string(),
  gitCommit: always(''),
  lightning: always(false),
  backend: always('esplora'),
})

/** What a relay says of itself to programs that know mempool.space. */
export function backendInfoView({ name, version }: { name: string; version: string }) {
  return { hostname: name, version, gitCommit: '', lightning: false, backend: 'esplora' }
}
