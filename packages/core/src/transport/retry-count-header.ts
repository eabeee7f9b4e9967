/** The header in which the SDK counts its retries, from 0. */
export const RETRY_COUNT_HEADER = 'x-stainless-retry-count'
