import type { KeptResults } from './kept-results.ts'

type Failure = { readonly error: unknown } | undefined

/**
 * Lets go of the source, and then unlocks the journal.
 *
 * @returns what the run ends with: its own failure, or what the source or the journal failed with in the end
 */
export async function letGo(
  feed: { close(): Promise<void> } | undefined,
  kept: KeptResults<unknown> | undefined,
  failure: Failure,
): Promise<Failure> {
  try {
    const closed = feed?.close()
    // An abort ends at once; a loop that is left, or a run that stops, waits as a loop over the source itself would.
    if (failure) closed?.catch(() => undefined)
    else await closed
  } catch (error) {
    failure = { error }
  }
  try {
    await kept?.close()
  } catch (error) {
    failure ??= { error }
  }
  return failure
}
