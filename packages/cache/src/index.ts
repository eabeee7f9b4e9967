export { requestKey, type RequestKeyContext } from './request-key.ts'
export { UnkeyableRequestError } from './unkeyable-request-error.ts'
