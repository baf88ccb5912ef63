import { inOrder, UNDO_CODES, type Refusal, type Told, type UndoCode, type Warning } from './codes'
import type { MergeReport, NewMerge, UndoReport, UndoTold, WarningReport } from './request'
import {
  failureRemedy,
  failureSentence,
  isFailureCode,
  refusalSentence,
  undoSentence,
  warningSentence,
  type Language,
} from './sentences'

/** Warnings in the order of domain.md, each with its sentence. */
export function withSentences(warnings: readonly Warning[], language: Language): WarningReport[] {
  return inOrder(warnings).map(({ code, details }) => ({
    code,
    message: warningSentence(code, details, language),
    details,
  }))
}

export function refusalReport(refusal: Refusal | null, language: Language): MergeReport['refusal'] {
  return (
    refusal && {
      code: refusal.code,
      message: refusalSentence(refusal.code, refusal.details, language),
      details: refusal.details,
    }
  )
}

/** Why a person has to look, and what they can do. */
export function attentionReport(told: Told | null, language: Language): MergeReport['attention'] {
  if (told === null) return null
  const code = isFailureCode(told.code) ? told.code : 'unforeseen'
  const message = `${failureSentence(code, told.details, language)} ${failureRemedy(code, told.details, language)}`
  return { code: told.code, message, details: told.details }
}

const WITHOUT_ROW: Omit<MergeReport, 'status'> = {
  id: null,
  keep: null,
  remove: null,
  on: null,
  warnings: [],
  steps: [],
  by: null,
  reason: null,
  refusal: null,
  attention: null,
  temporalUrl: null,
}

/** The report of a merge that was refused before it had a row (bad input, an unknown merge). */
export function refusedWithoutRow(refusal: Refusal, language: Language = 'en'): MergeReport {
  return { ...WITHOUT_ROW, status: 'refused', refusal: refusalReport(refusal, language) }
}

/** The report of a merge that was started and has no row yet. */
export function startedWithoutRow(
  { keep, remove, on, by, reason }: NewMerge,
  temporalUrl: MergeReport['temporalUrl'],
): MergeReport {
  return { ...WITHOUT_ROW, status: 'running', keep, remove, on: on ?? null, by, reason: reason ?? null, temporalUrl }
}

/** What an undo tells, in one order, each with its sentence. */
export function toldByUndo(told: readonly Told<UndoCode>[], language: Language): UndoTold[] {
  return [...told]
    .sort((a, b) => UNDO_CODES.indexOf(a.code) - UNDO_CODES.indexOf(b.code))
    .map(({ code, details }) => ({ code, message: undoSentence(code, details, language), details }))
}

/** The report of an undo that was refused: the merge, where there is one, is as it was. */
export function refusedUndo(
  refusal: Refusal,
  merge: Pick<UndoReport, 'id' | 'keep' | 'remove'> = { id: null, keep: null, remove: null },
  language: Language = 'en',
): UndoReport {
  return {
    ...merge,
    status: 'refused',
    by: null,
    reason: null,
    back: {},
    told: [],
    seen: [],
    refusal: refusalReport(refusal, language),
    attention: null,
    temporalUrl: null,
  }
}
