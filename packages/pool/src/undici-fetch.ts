import * as undici from 'undici'
import { isForm } from './outgoing-body.ts'
import { undiciForm } from './undici-form.ts'

/** undici's own fetch through a dispatcher, taking what the built-in classes made. */
export async function undiciFetch(
  dispatcher: undici.Dispatcher,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<undici.Response> {
  const resource = input instanceof Request ? copyRequest(input) : input
  const body = isForm(init?.body) ? undiciForm(init.body) : init?.body
  return undici.fetch(resource, {
    dispatcher,
    ...init,
    ...(body === undefined ? {} : { body }),
  } as undici.RequestInit)
}

// undici takes the built-in Request, a class of its own copy of undici, for a strange URL.
function copyRequest(request: Request): undici.Request {
  return new undici.Request(request.url, request as unknown as undici.RequestInit)
}
