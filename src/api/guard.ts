import { ApiError, type ApiErrorCode } from './errors.ts'

/** Refusals of a port that are answers, by the name of the error. */
const ANSWERS: Record<string, ApiErrorCode> = { HistoryTooLong: 'history-too-long', BlockDamaged: 'body-damaged' }

/**
 * The same port, whose failures are told apart from faults of our own: whatever a call rejects with becomes an
 * `ApiError` of this code, with the original as its cause.
 */
export function guarded<T extends object>(port: T, code: ApiErrorCode): T {
  // Over an empty object: a proxy of a frozen one may not answer anything else than it.
  return new Proxy({} as T, {
    get(_, name) {
      const member: unknown = Reflect.get(port, name)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        try {
          return await member.apply(port, args)
        } catch (cause) {
          const answer = cause instanceof Error ? ANSWERS[cause.name] : undefined
          if (answer) throw new ApiError(answer)
          const error = new ApiError(code)
          error.cause = cause
          throw error
        }
      }
    },
  })
}
