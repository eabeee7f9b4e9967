/** Longer than any provider's, also those of gateways that encode their routing in it. */
const ID = /^[\x21-\x7e]{1,512}$/

/** The provider's name for an answer; undefined when there is none that could be used in a url. */
export function responseIdOf(answer: Readonly<Record<string, unknown>>): string | undefined {
  const { id } = answer
  return typeof id === 'string' && ID.test(id) ? id : undefined
}
