import type { JsonBody } from '../../base/json.ts'

/** A place in a stream that its provider has stored. */
export interface StreamPlace {
  /** The provider's id of the answer. */
  readonly id: string
  /** The position of the last event that was received. */
  readonly after: number
}

/** How a stream that its provider has stored is requested again, from any of its events on. The provider sends the same bytes again. */
export interface ResumeFormat {
  /** Whether the caller made a request whose stream the provider stores. */
  isStored(request: JsonBody): boolean
  /** Returns the position of an event in its stream, a whole number; undefined if the event has none. */
  positionOf(event: JsonBody): number | undefined
  /**
   * Returns the URL of a GET request for the events after a place.
   * @param url the URL of the request that began the stream
   */
  urlOf(url: string, request: JsonBody, place: StreamPlace): string
}
