import type { BulkResult } from '@harbor/batch'
import { BatchItemError } from '@harbor/batch/openai'
import type { BulkAnswer } from '../../bulk/bulk-request.ts'
import { receiptOf } from '../../reporting/receipt.ts'
import { LINE_ID } from '../input/line-request.ts'

/**
 * Returns the output line for one result, with its line feed. A result from the journal has the same line as a new one.
 * @param withoutSecrets removes secrets from the text of an error, because no file may contain them
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

/** Picks the properties of an error that the output contains. `JSON.stringify` would drop most of them. */
function failed(error: unknown): object {
  const target = receiptOf(error)?.target
  if (!(error instanceof Error)) return { error: { name: 'Error', message: String(error) }, target }
  // An error of a worker has its target itself.
  const { code, status, target: sent } = error as { code?: unknown; status?: unknown; target?: unknown }
  // The SDK names its errors only by their classes.
  const name = error.name === 'Error' ? error.constructor.name : error.name
  const detail = BatchItemError.is(error) ? error.detail : undefined
  return {
    error: { name, code: code ?? undefined, status, message: error.message, detail },
    target: target ?? sent,
  }
}

/**
 * The minimum length of a secret that is removed, in characters. A shorter one might also be part of ordinary words.
 */
const MIN_SECRET_LENGTH = 8

/**
 * Makes a function that removes secrets from texts before they are written to files. It is needed because errors of
 * providers and gateways may repeat parts of the request.
 * @returns a function that takes plain text or JSON, and returns it without the secrets
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
