/** One event of an object: milliseconds since 1970, which go on during events here, other than on the platform. */
export interface TimedEvent {
  what: string
  start: number
  end: number
}
