import type { BulkResult } from '@harbor/batch'
import { BatchItemError } from '@harbor/batch/openai'
import type { BulkAnswer } from '../../bulk/bulk-request.ts'
import { receiptOf } from '../../reporting/receipt.ts'
import { LINE_ID } from '../input/line-request.ts'

/**
 * The line of the output for one result, with its line feed. A result has the same line whether it is new or comes from
 * the journal.
 * @param withoutSecrets removes secrets, which no file may contain, from error texts
 */
export function resultLine(
  result: BulkResult<BulkAnswer>,
  withoutSecrets: (text: string) => string = (text) => text,
): string {
  const { id } = result
  const [, line] = LINE_ID.exec(id) ?? []
  const name = { id, ...(line === undefined ? { custom_id: id } : { line: Number(line) }) }
  if (result.ok) return `${JSON.stringify({ ...name, ...answered(result.value) })}\n`
  return `${withoutSecrets(JSON.stringify({ ...name, ...failed(result.error) }))}\n`
}

function answered({ body, target, usage, usd }: BulkAnswer): object {
  return { response: body, target, usage, usd }
}

/** JSON drops most of an error, so the useful properties are picked here. */
function failed(error: unknown): object {
  const target = receiptOf(error)?.target
  if (!(error instanceof Error)) return { error: { name: 'Error', message: String(error) }, target }
  const { code, status } = error as { code?: unknown; status?: unknown }
  // The SDK names its errors only by their classes.
  const name = error.name === 'Error' ? error.constructor.name : error.name
  const detail = BatchItemError.is(error) ? error.detail : undefined
  return { error: { name, code: code ?? undefined, status, message: error.message, detail }, target }
}

/** The minimum length of a secret: shorter ones would also be found in the middle of ordinary words. */
const MIN_SECRET_LENGTH = 8

/**
 * Removes secrets from texts that are written to files. Errors of providers and gateways may repeat parts of the
 * request.
 * @returns a function that removes the secrets from plain text or JSON
 */
export function secretsRemover(apiKey: string, baseURL: string | undefined): (text: string) => string {
  const secrets = [apiKey, ...secretsOf(baseURL)]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '…'), text)
}

function secretsOf(url: string | undefined): string[] {
  if (url === undefined) return []
  const { password, searchParams } = new URL(url)
  const values = [...searchParams.values()]
  return [password, decodeURIComponent(password), ...values, ...values.map(encodeURIComponent)]
}
