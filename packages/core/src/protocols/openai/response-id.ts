/**
 * Matches the ids that Harbor reports: up to 512 printable characters without spaces. Any other id is ignored. No known provider has longer
 * ids, not even the gateways that encode their routing in the id.
 */
const ID = /^[\x21-\x7e]{1,512}$/

/** Returns the id that the provider gave to an answer; undefined when there is none, or when it could not be used in a URL. */
export function responseIdOf(answer: Readonly<Record<string, unknown>>): string | undefined {
  const { id } = answer
  return typeof id === 'string' && ID.test(id) ? id : undefined
}
