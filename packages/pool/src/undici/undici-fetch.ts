import * as undici from 'undici'
import { undiciForm, type FormEntries } from './undici-form.ts'

/** undici's own fetch through a dispatcher. It also takes a Request of the built-in class. @param form replaces the body */
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

// The built-in Request belongs to another copy of undici, so undici would convert it to a string as a URL.
function copyRequest(request: Request): undici.Request {
  return new undici.Request(request.url, request as unknown as undici.RequestInit)
}
