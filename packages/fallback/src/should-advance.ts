/** What a run asks about errors and targets. */
export interface Judge<Target> {
  /** Whether another target may do better. */
  advances(error: unknown, target: Target): boolean
  /** Why a target would fare no better, if it would not. */
  reasonToSkip(target: Target): string | undefined
}

/** A target may say which credential it has, so that others with the same one are left out when it is refused. */
interface MayHaveCredential {
  readonly name: string
  readonly credential?: unknown
}

/** The judge of one run: what the caller gave, or else the default. */
export function judgeOf<Target extends MayHaveCredential>(
  shouldAdvance: ((error: unknown, target: Target) => boolean) | undefined,
): Judge<Target> {
  if (shouldAdvance) return { advances: shouldAdvance, reasonToSkip: () => undefined }
  return new DefaultJudge()
}

/**
 * Goes on, but not with a request that is wrong in itself (400, 405, 406, 413, 415, 422), nor with one that was refused for
 * its content: a refusal is never routed around. After 401 and 403 the targets with the same credential are left out.
 */
class DefaultJudge implements Judge<MayHaveCredential> {
  #refusedBy: Map<unknown, string> | undefined

  advances(error: unknown, { name, credential }: MayHaveCredential): boolean {
    const status = statusOf(error)
    if (CONTENT_REFUSED.test(wordsOf(error)) || WRONG_IN_ITSELF.includes(status)) return false
    if ((status === 401 || status === 403) && credential !== undefined) {
      this.#refusedBy = (this.#refusedBy ?? new Map<unknown, string>()).set(credential, name)
    }
    return true
  }

  reasonToSkip({ credential }: MayHaveCredential): string | undefined {
    const name = this.#refusedBy?.get(credential)
    return name === undefined ? undefined : `its credential was refused by ${name}`
  }
}

const WRONG_IN_ITSELF: readonly unknown[] = [400, 405, 406, 413, 415, 422]
const CONTENT_REFUSED = /content_(filter|policy)|moderation|responsibleai|data_inspection/i

interface ErrorLike {
  status?: unknown
  statusCode?: unknown
  response?: { status?: unknown } | null
  code?: unknown
  type?: unknown
}

function statusOf(error: unknown): unknown {
  const { status, statusCode, response } = (error ?? {}) as ErrorLike
  return [status, statusCode, response?.status].find((value) => typeof value === 'number')
}

function wordsOf(error: unknown): string {
  const { code, type } = (error ?? {}) as ErrorLike
  return `${typeof code === 'string' ? code : ''} ${typeof type === 'string' ? type : ''}`
}
