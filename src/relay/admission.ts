export interface AdmissionLimits {
  /** Links that others have opened. */
  inbound: number
  /** The same from one address. */
  inboundPerAddress: number
}

/** Addresses remembered for what they did; the oldest go first. Never written down. */
const MAX_DISCOURAGED = 10_000

/** Whether there is room for one more inbound link. Address keys are the host's, and opaque. */
export class Admission {
  readonly #limits: AdmissionLimits
  #inbound = 0
  readonly #byAddress = new Map<string, number>()
  readonly #discouraged = new Set<string>()

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  get inbound(): number {
    return this.#inbound
  }

  /** Takes the place, or says why there is none. */
  enter(addressKey: string | undefined): string | undefined {
    const fromThere = addressKey === undefined ? 0 : (this.#byAddress.get(addressKey) ?? 0)
    if (this.#inbound >= this.#limits.inbound) return 'too-many-links'
    if (fromThere >= this.#limits.inboundPerAddress) return 'too-many-links-from-address'
    // Whoever misbehaved may come back while there is plenty of room (as in Bitcoin Core): addresses are shared.
    if (this.isDiscouraged(addressKey) && this.#inbound >= this.#limits.inbound / 2) return 'discouraged'
    this.#inbound++
    if (addressKey !== undefined) this.#byAddress.set(addressKey, fromThere + 1)
    return undefined
  }

  leave(addressKey: string | undefined): void {
    this.#inbound--
    if (addressKey === undefined) return
    const left = this.#byAddress.get(addressKey)! - 1
    if (left > 0) this.#byAddress.set(addressKey, left)
    else this.#byAddress.delete(addressKey)
  }

  discourage(addressKey: string): void {
    this.#discouraged.add(addressKey)
    for (const oldest of this.#discouraged) {
      if (this.#discouraged.size <= MAX_DISCOURAGED) break
      this.#discouraged.delete(oldest)
    }
  }

  isDiscouraged(addressKey: string | undefined): boolean {
    return addressKey !== undefined && this.#discouraged.has(addressKey)
  }
}
