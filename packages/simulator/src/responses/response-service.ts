import { type Answer, jsonAnswer, streamAnswer } from '../answers/answer.ts'
import { asObject } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { Clock } from '../time/clock.ts'
import type { ProviderScript } from '../script/script.ts'
import { type AnswerChanges, answerRequest, questionOf, refuseKey } from '../wires/answer-request.ts'
import { checkRequest } from '../wires/openai/checks.ts'
import { badRequest, errorAnswer, unknownPath } from '../wires/openai/errors.ts'
import { readPath } from '../wires/openai/paths.ts'
import { respond, responseId } from '../wires/openai/responses.ts'
import { BackgroundRun } from './background-run.ts'
import { checkWindow, windowOf } from './completion-window.ts'

/** A request to create, read, cancel or delete a response of OpenAI's Responses API. */
export interface ResponseRequest {
  request: RecordedRequest
  raw: Buffer
  script: ProviderScript
  changes?: AnswerChanges | undefined
  random: () => number
  /** Ends the answer at once, cleanly. */
  end: () => void
  /** Calls `callback` when the answer is complete, or when the client has closed the connection. */
  onEnd: (callback: () => void) => void
}

type Stored = BackgroundRun | (() => Answer)

const MAX_STORED_RESPONSES = 1_000
/** A bulk run can wait for this many responses in the background. */
const MAX_BACKGROUND_RESPONSES = 100_000

/** Creates the responses of OpenAI's Responses API for one provider. Stores the last 1,000 in memory, and the last 100,000 in the background. */
export class ResponseService {
  readonly #stored = new Map<string, () => Answer>()
  readonly #runs = new Map<string, BackgroundRun>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Answers a request. Call this only once per request, because it may create, cancel or delete a response. */
  answer(asked: ResponseRequest): Answer {
    const { request, script } = asked
    if (request.operation === 'responses') return this.#create(asked)
    return refuseKey(request, script.apiKeys) ?? this.#answerStored(asked)
  }

  #create(asked: ResponseRequest): Answer {
    const { request, raw, script, changes } = asked
    const { background, store: stores } = asObject(request.body)
    const question = questionOf(request, raw, script, changes)
    if (background === true) {
      const refusal = refuseKey(request, script.apiKeys) ?? checkRequest(question) ?? checkWindow(question)
      if (refusal) return refusal
      if (stores === false) return badRequest("Background mode requires 'store' to be true.", 'store')
      return this.#start(asked)
    }
    const answer = checkWindow(question) ?? answerRequest(request, raw, script, changes)
    if (answer.status === 200 && stores !== false) {
      // Equal requests get equal answers, so the answer itself need not be stored.
      const again = () => answerRequest(request, raw, script, { ...changes, stream: false })
      store(this.#stored, responseId(question.fingerprint), again, MAX_STORED_RESPONSES)
    }
    return answer
  }

  #start(asked: ResponseRequest): Answer {
    const { request, raw, script, changes, random } = asked
    const question = questionOf(request, raw, script, changes)
    // Equal requests get responses of their own.
    const fingerprint = question.fingerprint.slice(0, 16) + request.call.toString(16).padStart(8, '0')
    const responded = respond({ ...question, fingerprint })
    const now = this.#clock.now()
    const window = windowOf(question)
    const run = new BackgroundRun({ ...responded, script, random, now, window, streamed: request.stream })
    store(this.#runs, responseId(fingerprint), run, MAX_BACKGROUND_RESPONSES)
    const usage = run.fails ? { input: 0, output: 0 } : responded.usage
    return question.stream
      ? stream(run, -1, asked, usage)
      : jsonAnswer({ ...responded.base, status: 'queued' }, usage)
  }

  #answerStored(asked: ResponseRequest): Answer {
    const { request } = asked
    const { method, path, query } = request
    const [id = '', action] = (readPath(path)?.rest ?? '').split('/')
    const stored = this.#runs.get(id) ?? this.#stored.get(id)
    if (stored === undefined) return notFound(id)
    if (action === 'cancel') return cancel(stored, this.#clock.now())
    if (method === 'DELETE') {
      if (!this.#runs.delete(id)) this.#stored.delete(id)
      return jsonAnswer({ id, object: 'response', deleted: true })
    }
    if (method !== 'GET') return unknownPath(request)
    if (request.stream) return streamAgain(stored, this.#clock.now(), new URLSearchParams(query), asked)
    return stored instanceof BackgroundRun ? jsonAnswer(stored.look(this.#clock.now())) : unbilled(stored())
  }
}

/** Stores a response as the newest one of `responses`. If they are more than `max` then, the oldest is dropped. */
function store<Response>(
  responses: Map<string, Response>,
  id: string,
  response: Response,
  max: number,
): void {
  responses.delete(id)
  responses.set(id, response)
  const [oldest] = responses.keys()
  if (responses.size > max && oldest !== undefined) responses.delete(oldest)
}

/** Returns the answer with a `usage` of 0, because its tokens were counted when the response was created. */
function unbilled(answer: Answer): Answer {
  return { ...answer, usage: { input: 0, output: 0 } }
}

function cancel(stored: Stored, now: number): Answer {
  if (!(stored instanceof BackgroundRun)) return badRequest('Cannot cancel a synchronous response.')
  stored.cancel(now)
  return jsonAnswer(stored.look(now))
}

function streamAgain(stored: Stored, now: number, query: URLSearchParams, asked: ResponseRequest): Answer {
  if (!(stored instanceof BackgroundRun) || !stored.streamed) {
    return badRequest('This response was not created with background and stream, so it cannot be streamed.')
  }
  const { streamableMs = 300_000 } = asked.script.background ?? {}
  if (now - stored.createdAt > streamableMs) {
    const minutes = Math.ceil(streamableMs / 60_000)
    return badRequest(
      `This response can no longer be streamed because it is more than ${minutes} minutes old.`,
    )
  }
  const after = Number(query.get('starting_after') ?? -1)
  if (!Number.isInteger(after)) {
    return badRequest("'starting_after' must be the sequence number of an event.", 'starting_after')
  }
  return stream(stored, after, asked, { input: 0, output: 0 })
}

/** Returns a stream of the events of a run after this sequence number. Events of the past are sent at once, the others at their times. */
function stream(run: BackgroundRun, after: number, asked: ResponseRequest, usage: Answer['usage']): Answer {
  asked.onEnd(run.follow(asked.end))
  const { frames, dueAt } = run.eventsAfter(after)
  return { ...streamAnswer(frames, usage), dueAt }
}

function notFound(id: string): Answer {
  const message = `Response with id '${id}' not found.`
  return errorAnswer(404, { message, type: 'invalid_request_error', param: null, code: null })
}
