/**
 * The IFs that a script stands in. Only how many there are and which is the first that is not taken matters, so that
 * every step takes the same time however deep they go.
 */
export class Conditions {
  #depth = 0
  /** The outermost that is not taken; -1 for none. */
  #firstFalse = -1

  get isEmpty(): boolean {
    return this.#depth === 0
  }

  /** Whether what stands here is executed. */
  get holds(): boolean {
    return this.#firstFalse === -1
  }

  push(isTaken: boolean): void {
    if (this.#firstFalse === -1 && !isTaken) this.#firstFalse = this.#depth
    this.#depth++
  }

  /** OP_ELSE. There is one. */
  toggle(): void {
    if (this.#firstFalse === -1) this.#firstFalse = this.#depth - 1
    else if (this.#firstFalse === this.#depth - 1) this.#firstFalse = -1
  }

  /** OP_ENDIF. There is one. */
  pop(): void {
    this.#depth--
    if (this.#firstFalse === this.#depth) this.#firstFalse = -1
  }
}
