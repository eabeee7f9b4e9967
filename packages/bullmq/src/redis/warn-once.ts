/**
 * Returns a function that reports the first error of Redis as a warning of the process. Later ones are likely of the same outage. The message holds no
 * address, since a URL may contain a password.
 *
 * @param subject what the warning is about
 */
export function warnOnce(subject: string): (error: unknown) => void {
  let isWarned = false
  return (error) => {
    if (isWarned || isExpected(error)) return
    isWarned = true
    const message = error instanceof Error ? error.message : String(error)
    process.emitWarning(
      `Redis has failed for ${subject}, which goes on when Redis answers again: ${message.slice(0, MAX_MESSAGE_LENGTH).replaceAll(/\/\/[^@\s]*@/g, '//…@')}`,
      'HarborFleetWarning',
    )
  }
}

const MAX_MESSAGE_LENGTH = 300

/**
 * Errors of BullMQ that belong to normal work: a job has ended elsewhere, since its worker was taken for dead, its run has ended, or Redis has lost it.
 * Its result is not that of BullMQ.
 */
function isExpected(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^Connection is closed|^Missing (key|lock) for job|Lock mismatch|^could not renew lock|is not in the (active )?state/i.test(
      error.message,
    )
  )
}
