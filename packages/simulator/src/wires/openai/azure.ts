import type { Answer } from '../../answers/answer.ts'
import type { RecordedRequest } from '../../journal.ts'
import { bodyAnswer } from '../../answers/answer.ts'
import { readPath } from './paths.ts'

// What Azure adds to OpenAI's API: errors of its gateway, the results of its content filter, its headers.

/** Returns the error of Azure's gateway for a status; undefined if the model sends the error, in OpenAI's shape. */
export function gatewayError(status: number): { code: string; message: string } | undefined {
  const message = gatewayMessages[status]
  return message === undefined ? undefined : { code: String(status), message }
}

const gatewayMessages: Readonly<Record<number, string>> = {
  401: 'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
  404: 'Resource not found',
  408: 'The operation was timeout.',
  429: 'Your requests have exceeded the call rate limit of your current pricing tier. Please retry later.',
}

/**
 * Returns the 404 for a path with a deployment, but without `api-version` in the query; undefined for other requests.
 */
export function withoutApiVersion({ path, query }: RecordedRequest): Answer | undefined {
  if (readPath(path)?.deployment === undefined || new URLSearchParams(query).has('api-version')) {
    return undefined
  }
  return errorBody(404, { code: '404', message: 'Resource not found' })
}

function errorBody(status: number, error: object): Answer {
  return bodyAnswer(status, 'application/json', JSON.stringify({ error }))
}

export const deploymentNotFound: Answer = errorBody(404, {
  code: 'DeploymentNotFound',
  message:
    'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
})

/** The 400 for a prompt that the content filter blocks. */
export const filteredPrompt: Answer = errorBody(400, {
  message:
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
  type: null,
  param: 'prompt',
  code: 'content_filter',
  status: 400,
  innererror: {
    code: 'ResponsibleAIPolicyViolation',
    content_filter_result: { ...safe(), violence: { filtered: true, severity: 'high' } },
  },
})

/** Returns the results of a content filter that found nothing. */
export function safe() {
  const fine = { filtered: false, severity: 'safe' }
  return { hate: fine, self_harm: fine, sexual: fine, violence: fine }
}

/**
 * Returns the content-filter results for the prompt. They are in the first event of a chat stream, and in a JSON
 * answer.
 */
export function promptResults() {
  const jailbreak = { filtered: false, detected: false }
  return [{ prompt_index: 0, content_filter_results: { ...safe(), jailbreak } }]
}

/** Returns the headers that Azure adds to every answer. */
export function azureHeaders(requestId: string): string[] {
  return ['apim-request-id', requestId, 'x-ms-region', 'East US']
}
