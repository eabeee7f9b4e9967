/** The error code of a batch that was rejected because too many tokens would be enqueued. */
export const TOKEN_LIMIT = 'token_limit_exceeded'
