import { hasCode } from '../../base/errors.ts'

/** The log cannot be used: it belongs to another format, or is damaged. Nothing was sent. */
export class RouteLogError extends Error {
  override readonly name = 'RouteLogError'
  readonly code = 'route_log'

  constructor(path: string) {
    super(
      `${path} is not the log of a bulk run by deadline, or is damaged. Restore it, or use another journal.`,
    )
  }

  /** Whether an error is a RouteLogError, including one from another copy of this package. */
  static is(error: unknown): error is RouteLogError {
    return hasCode(error, 'route_log')
  }
}
