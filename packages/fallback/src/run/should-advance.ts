/** Judges errors and targets for one run. */
export interface Judge<Target> {
  /** Whether to call another target after this error. */
  advances(error: unknown, target: Target): boolean
  /** Why a target would fail too; undefined if it may work. */
  reasonToSkip(target: Target): string | undefined
}

/** A target may name its credential, so that others with the same one are skipped when it is refused. */
interface MayHaveCredential {
  readonly name: string
  readonly credential?: unknown
}

/**
 * The judge of one run: the caller's `shouldAdvance`, or the default. The default calls the next target after every error,
 * except for an invalid request (400, 405, 406, 413, 415, 422) and for one that was refused for its content: Harbor does not
 * route around a content filter. After 401 and 403 the targets with the same credential are skipped.
 */
export function judgeOf<Target extends MayHaveCredential>(
  shouldAdvance: ((error: unknown, target: Target) => boolean) | undefined,
): Judge<Target> {
  const refusedBy = new Map<unknown, string>()

  function advances(error: unknown, { name, credential }: Target): boolean {
    const { status, statusCode, response, code, type } = (error ?? {}) as ErrorLike
    const answered = [status, statusCode, response?.status].find((value) => typeof value === 'number')
    if (INVALID_REQUEST.includes(answered)) return false
    if ([code, type].some((word) => typeof word === 'string' && CONTENT_REFUSED.test(word))) return false
    if (REFUSED.includes(answered) && credential !== undefined) refusedBy.set(credential, name)
    return true
  }

  return {
    advances: shouldAdvance ?? advances,
    reasonToSkip({ credential }) {
      const name = refusedBy.get(credential)
      return name === undefined ? undefined : `its credential was refused by ${name}`
    },
  }
}

const INVALID_REQUEST: readonly unknown[] = [400, 405, 406, 413, 415, 422]
const REFUSED: readonly unknown[] = [401, 403]
const CONTENT_REFUSED = /content_(filter|policy)|moderation|responsibleai|data_inspection/i

interface ErrorLike {
  status?: unknown
  statusCode?: unknown
  response?: { status?: unknown } | null
  code?: unknown
  type?: unknown
}
