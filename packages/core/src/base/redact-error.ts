/** How many errors of a `cause` chain are looked at; a chain may be a ring. */
const DEPTH = 8

/**
 * Takes the part of an answer out of an error that a parser put there: what a model said is for its caller, and must not stand in logs
 * and reports of errors. Codes, messages and what else tells the cause stay.
 * @returns the same error
 */
export function redactError(error: unknown): unknown {
  let link = error
  for (let depth = 0; depth < DEPTH && link instanceof Error; depth++) {
    for (const field of Object.keys(link)) if (holdsContent(link, field)) Reflect.deleteProperty(link, field)
    if (link instanceof AggregateError) for (const each of link.errors.slice(0, DEPTH)) redactError(each)
    link = link.cause
  }
  return error
}

function holdsContent(error: Error, field: string): boolean {
  const value: unknown = Reflect.get(error, field)
  return (
    ArrayBuffer.isView(value) || value instanceof ArrayBuffer || (field === 'data' && isParserError(error))
  )
}

/** llhttp's codes, as undici and Node report them. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError' || ('code' in error && /^HPE_/.test(String(error.code)))
}
