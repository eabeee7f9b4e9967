import type { Answer } from '../answers/answer.ts'
import type { Call } from '../call.ts'
import { deliver, type Delivery } from '../deliver.ts'
import type { SimpleFault } from '../script/fault.ts'
import type { FormatFault, StreamFault } from '../script/stream-fault.ts'
import { answerFaults } from './answer-faults.ts'
import { formatFaults } from './format-faults.ts'
import { performRaw } from './raw-fault.ts'
import { streamFaults } from './stream-faults.ts'

/** Answers a call with its fault, or with a good answer if it has none. */
export function perform(call: Call, fault: SimpleFault | undefined): void {
  if (fault === undefined) {
    deliver(call, call.answer())
    return
  }
  if (fault.type !== 'reset-reused' || isReused(call)) call.journal.fault(fault.type)
  switch (fault.type) {
    case 'hang':
      return
    case 'delay':
      call.wait(fault.ms, () => perform(call, fault.then))
      return
    case 'refuse':
      call.kill('close')
      return
    case 'reset':
      if (fault.when === 'after-headers') deliver(call, call.answer(), { frames: [], ending: 'reset' })
      else call.kill('reset')
      return
    case 'reset-reused':
      if (isReused(call)) call.kill('reset')
      else deliver(call, call.answer())
      return
    case 'raw':
      performRaw(call, fault)
      return
    default:
      performOnAnswer(call, fault)
  }
}

function isReused({ connection }: Call): boolean {
  return connection.calls > 1
}

type Replacing = Extract<SimpleFault, { type: keyof typeof answerFaults }>

function performOnAnswer(call: Call, fault: Replacing | StreamFault | FormatFault): void {
  if (!replaces(fault)) {
    deliverWith(call, call.answer(), fault)
    return
  }
  // The table is indexed by the type of the fault, which TypeScript cannot follow through a union.
  const replace = answerFaults[fault.type] as (fault: Replacing, call: Call) => Answer
  const answer = replace(fault, call)
  const then = 'then' in fault ? fault.then : undefined
  if (then) deliverWith(call, answer, then)
  else deliver(call, answer)
}

function replaces(fault: Replacing | StreamFault | FormatFault): fault is Replacing {
  return fault.type in answerFaults
}

const shapers = { ...streamFaults, ...formatFaults }

function deliverWith(call: Call, answer: Answer, fault: StreamFault | FormatFault): void {
  const shape = shapers[fault.type] as (
    answer: Answer,
    fault: StreamFault | FormatFault,
    call: Call,
  ) => Delivery
  const status = fault.type === 'stream-error' ? fault.httpStatus : undefined
  deliver(call, status === undefined ? answer : { ...answer, status }, shape(answer, fault, call))
}
