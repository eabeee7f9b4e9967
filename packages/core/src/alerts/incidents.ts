/** The maximum number of open incidents of one alert, so that a limit of each of many tenants does not cause a flood of notices. */
export const MAX_INCIDENTS = 100

/** What the condition of an alert holds for: one of its subjects, or undefined if its rule has none. */
type Subject = string | undefined

interface Incident {
  /** When the condition began to hold, in milliseconds since the epoch. */
  readonly since: number
  isFiring: boolean
}

/** What has changed in the incidents of an alert. */
interface IncidentChanges {
  /** The subjects of the firing incidents for which the condition has ceased to hold. */
  readonly resolved: readonly Subject[]
  /** The incidents that begin to fire, each with the time at which its condition began to hold, in milliseconds since the epoch. */
  readonly fired: readonly { readonly subject: Subject; readonly since: number }[]
  /** Whether the condition holds for more subjects than can be open. */
  readonly isFull: boolean
}

/** The open incidents of one alert. Each fires once, after its condition has held for some time, and is resolved once. */
export class Incidents {
  readonly #open = new Map<Subject, Incident>()

  /**
   * @param holding the subjects for which the condition holds now
   * @param forMs how long it must hold before an incident fires, in milliseconds
   */
  update(holding: ReadonlySet<Subject>, forMs: number, now: number): IncidentChanges {
    const resolved: Subject[] = []
    for (const [subject, { isFiring }] of this.#open) {
      if (holding.has(subject)) continue
      this.#open.delete(subject)
      if (isFiring) resolved.push(subject)
    }
    const fired: { readonly subject: Subject; readonly since: number }[] = []
    let isFull = false
    for (const subject of holding) {
      const incident = this.#open.get(subject) ?? this.#add(subject, now)
      isFull ||= incident === undefined
      if (!incident || incident.isFiring || now - incident.since < forMs) continue
      incident.isFiring = true
      fired.push({ subject, since: incident.since })
    }
    return { resolved, fired, isFull }
  }

  #add(subject: Subject, now: number): Incident | undefined {
    if (this.#open.size >= MAX_INCIDENTS) return undefined
    const incident = { since: now, isFiring: false }
    this.#open.set(subject, incident)
    return incident
  }
}
