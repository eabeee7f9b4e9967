import { asString, type JsonObject } from '../../answers/json.ts'

const prefix = 'continue-after-'

/**
 * Returns a continuation token. A request that is repeated with this token gets the text after the pieces sent so far.
 */
export function continuationToken(body: JsonObject, pieces: number): string {
  return Buffer.from(`${prefix}${skippedPieces(body) + pieces}`).toString('base64url')
}

/**
 * Returns the number of pieces of text that earlier answers have sent, by the continuation token of a request; 0
 * without a token.
 */
export function skippedPieces({ continuationToken: token }: JsonObject): number {
  const text = Buffer.from(asString(token), 'base64url').toString()
  const pieces = text.startsWith(prefix) ? Number(text.slice(prefix.length)) : 0
  return Number.isSafeInteger(pieces) ? pieces : 0
}
