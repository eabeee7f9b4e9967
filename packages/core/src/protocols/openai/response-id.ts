/**
 * The ids that Harbor reports: up to 512 printable characters without spaces; any other id is ignored. No provider has longer ones,
 * including gateways that encode their routing in the id.
 */
const ID = /^[\x21-\x7e]{1,512}$/

/** The id that the provider gave to an answer; undefined when there is none, or when it could not be used in a URL. */
export function responseIdOf(answer: Readonly<Record<string, unknown>>): string | undefined {
  const { id } = answer
  return typeof id === 'string' && ID.test(id) ? id : undefined
}
