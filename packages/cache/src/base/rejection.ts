/** A promise that rejects with `error` as it came, whatever it is. */
export async function rejection(error: unknown): Promise<never> {
  throw error
}
