/** How many errors of a `cause` chain are redacted; a chain may be circular. */
const DEPTH = 8

/**
 * Removes fragments of the answer that a parser has added to an error, since content must not appear in logs and error reports. Codes,
 * messages and causes stay.
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
