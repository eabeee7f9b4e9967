import * as undici from 'undici'
import { undiciForm, type FormEntries } from './undici-form.ts'

/** undici's own fetch through a dispatcher, taking what the built-in classes made; `form` in place of the body. */
export async function undiciFetch(
  dispatcher: undici.Dispatcher,
  input: string | URL | Request,
  init?: RequestInit,
  form?: FormEntries,
): Promise<undici.Response> {
  const resource = input instanceof Request ? copyRequest(input) : input
  const body = form ? { body: undiciForm(form) } : {}
  return undici.fetch(resource, { dispatcher, ...init, ...body } as undici.RequestInit)
}

// undici takes the built-in Request, a class of its own copy of undici, for a strange URL.
function copyRequest(request: Request): undici.Request {
  return new undici.Request(request.url, request as unknown as undici.RequestInit)
}
