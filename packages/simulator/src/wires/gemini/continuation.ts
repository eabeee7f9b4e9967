import { asString, type JsonObject } from '../../answers/json.ts'

const prefix = 'continue-after-'

/** The token with which the request can be repeated to get what follows the text sent so far. */
export function continuationToken(body: JsonObject, pieces: number): string {
  return Buffer.from(`${prefix}${skippedPieces(body) + pieces}`).toString('base64url')
}

/** How many pieces of the text a request has got already; 0 without a token. */
export function skippedPieces({ continuationToken: token }: JsonObject): number {
  const text = Buffer.from(asString(token), 'base64url').toString()
  const pieces = text.startsWith(prefix) ? Number(text.slice(prefix.length)) : 0
  return Number.isSafeInteger(pieces) ? pieces : 0
}
