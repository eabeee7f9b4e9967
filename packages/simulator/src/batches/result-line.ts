/**
 * Returns the line for a request that was answered. It goes into the output file or, if the answer is an error, into
 * the error file.
 */
export function answeredLine(id: string, customId: string, status: number, jsonBody: string): string {
  // The body is JSON already.
  const response = `{"status_code":${status},"request_id":"${id}","body":${jsonBody}}`
  return `{"id":"${id}","custom_id":${JSON.stringify(customId)},"response":${response},"error":null}\n`
}

/** Returns the line of the error file for a request that was not answered within the completion window. */
export function expiredLine(id: string, customId: string): string {
  const error = {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  }
  return `${JSON.stringify({ id, custom_id: customId, response: null, error })}\n`
}
