import * as undici from 'undici'

/**
 * Calls undici's own fetch with this dispatcher. Accepts a Request of the built-in class, too.
 * @param form the entries of a form, which are sent instead of `init.body`
 */
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

// The built-in Request belongs to another copy of undici. The undici package would convert such an object to a string and parse it as a URL.
function copyRequest(request: Request): undici.Request {
  return new undici.Request(request.url, request as unknown as undici.RequestInit)
}

export type FormEntries = Iterable<readonly [name: string, value: string | File]>

/** Converts a form into undici's FormData, which is a different class than the built-in one. The contents of files are not read. */
export function undiciForm(entries: FormEntries): undici.FormData {
  const form = new undici.FormData()
  for (const [name, value] of entries) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, value.name)
  }
  return form
}
