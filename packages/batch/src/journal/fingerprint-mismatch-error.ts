const CODE = 'fingerprint_mismatch'

/** The results of a journal depend on something else than those of this run would. Nothing was called or changed. */
export class FingerprintMismatchError extends Error {
  override readonly name = 'FingerprintMismatchError'
  readonly code = CODE
  /** The path of the journal. */
  readonly path: string
  /** The fingerprint that the journal was made with. */
  readonly journal: string | undefined
  /** The fingerprint of this run. */
  readonly run: string | undefined

  constructor(path: string, journal: string | undefined, run: string | undefined) {
    super(
      `${path} was made with ${inWords(journal)}, and this run has ${inWords(run)}: its results are answers to another question. ` +
        'Give a new journal to what has changed, or go on with what the old one was made with.',
    )
    this.path = path
    this.journal = journal
    this.run = run
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is FingerprintMismatchError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

/** Its beginning: somebody may take a whole prompt for one. */
function inWords(fingerprint: string | undefined): string {
  if (fingerprint === undefined) return 'no fingerprint'
  return `fingerprint ${JSON.stringify(fingerprint.length > 16 ? `${fingerprint.slice(0, 16)}…` : fingerprint)}`
}
