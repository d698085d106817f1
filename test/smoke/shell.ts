/** A relay as a process of its own, which the suite knows over the wire only. */
export interface Shell {
  /** `http://host:port`, the same for as long as it is there. */
  http: string
  /** `ws://host:port/p2p`. */
  door: string
  /** Ends it as its operator would, with links open, and starts it again on the same data. */
  restart(): Promise<void>
  /** Ends it as a power cut would, and starts it again on the same data. */
  crash(): Promise<void>
  /** Ends it, and removes its data. */
  remove(): Promise<void>
  /** What it wrote for its operator, for somebody who looks into a failure. */
  log(): string
}
