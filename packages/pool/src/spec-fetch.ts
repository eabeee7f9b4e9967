import * as undici from 'undici'
import { copyForm, isForm } from './outgoing-body.ts'

/** undici's own fetch over the pool's connections, taking what the built-in classes made. */
export function createSpecFetch(dispatcher: undici.Dispatcher, check: () => void): typeof globalThis.fetch {
  const specFetch = async (input: string | URL | Request, init?: RequestInit): Promise<unknown> => {
    check()
    const resource = input instanceof Request ? copyRequest(input) : input
    const body = isForm(init?.body) ? copyForm(init.body) : init?.body
    return undici.fetch(resource, {
      dispatcher,
      ...init,
      ...(body === undefined ? {} : { body }),
    } as undici.RequestInit)
  }
  return specFetch as typeof globalThis.fetch
}

// undici takes the built-in Request, a class of its own copy of undici, for a strange URL.
function copyRequest(request: Request): undici.Request {
  return new undici.Request(request.url, request as unknown as undici.RequestInit)
}
