import type { ToLedger } from '../peer/queues.ts'
import type { Hasher } from '../wire/hash.ts'
import type { Inventory } from '../wire/inventory.ts'
import { encodeMessage } from '../wire/messages.ts'
import type { HubLink } from './hub-link.ts'
import type { HubOutput } from './hub-types.ts'
import { Owed, type Request } from './owed.ts'

/** A block from the ledger counts as gone when no more than this of what was written is left in the buffer. */
const DRAINED_BYTES = 256_000

/** The way up to the ledger, with credit: a link whose messages pile up there is not read from. */
export class LedgerGate {
  readonly #emit: (output: HubOutput) => void
  readonly #untakenBytes: number
  readonly #hasher: Hasher

  constructor(options: { emit: (output: HubOutput) => void; untakenBytes: number; hasher: Hasher }) {
    this.#emit = options.emit
    this.#untakenBytes = options.untakenBytes
    this.#hasher = options.hasher
  }

  tell(value: ToLedger): void {
    this.#emit({ do: 'ledger', value })
  }

  message(link: HubLink, command: string, payload: Uint8Array<ArrayBuffer>): void {
    this.tell({ kind: 'message', link: link.id, command, payload })
    link.untaken += payload.length
    if (link.paused || link.untaken <= this.#untakenBytes) return
    link.paused = true
    this.#emit({ do: 'pause', link: link.id })
  }

  /** A message that wants an answer. */
  request(link: HubLink, request: Request): void {
    link.owed ??= new Owed()
    link.owed.asked(request)
    this.message(link, request.command, request.payload)
  }

  /** The ledger sent this to the link. */
  given(link: HubLink, answer: Request): void {
    link.owed?.given(answer, this.#hasher)
    if (link.owed?.isEmpty) link.owed = undefined
  }

  /** Those entries of a message that are the ledger's business; the message as it came where all are. */
  items(
    link: HubLink,
    command: 'inv' | 'getdata' | 'notfound',
    payload: Uint8Array<ArrayBuffer>,
    all: readonly Inventory[],
    some: Inventory[],
  ): void {
    if (some.length === 0) return
    if (command === 'getdata') {
      link.owed ??= new Owed()
      link.owed.askedFor(some)
    }
    const whole = some.length === all.length
    this.message(link, command, whole ? payload : encodeMessage({ command, items: some }).payload)
  }

  taken(link: HubLink, bytes: number): void {
    link.untaken = Math.max(0, link.untaken - bytes)
    if (!link.paused || link.untaken > this.#untakenBytes / 2) return
    link.paused = false
    this.#emit({ do: 'resume', link: link.id })
  }

  /** A block of the ledger's is on its way to the link. */
  sending(link: HubLink): void {
    link.draining = true
  }

  /** So much of what was written to the link has not left. */
  left(link: HubLink, bytes: number): void {
    if (!link.draining || bytes > DRAINED_BYTES) return
    link.draining = false
    this.tell({ kind: 'drained', link: link.id })
  }

  /** The ledger is another one, which has not heard of the link nor of what it waits for. */
  introduce(link: HubLink): void {
    link.draining = false
    this.taken(link, link.untaken)
    if (!link.info) return
    this.tell({ kind: 'link-up', link: link.id, info: link.info })
    for (const { command, payload } of link.owed?.requests() ?? []) this.message(link, command, payload)
  }
}
