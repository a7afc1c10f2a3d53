// The last minutes of a view, in the columns that a chart takes. Bounded in time and in rows, so that a view of days costs no more than one
// of minutes.

/** Seconds kept. */
export const KEPT = 600;
/** However many requests there are. */
const MOST_ROWS = 4000;
/** Trimmed in pieces, as each trim moves every column. */
const SLACK = 30;

type Value = number | null;

/** One moment; what was not measured then is null. Buffer in seconds, the rest in kb/s. */
export interface Sample {
  buffer: Value;
  /** The player's estimate. */
  throughput: Value;
  /** One finished request's own rate. */
  request: Value;
  fetched: Value;
  shown: Value;
}

export type Column = keyof Sample;

export interface Stall {
  from: number;
  /** Null while it goes on. */
  to: number | null;
}

export interface Switch {
  at: number;
  label: string;
}

export class History {
  readonly times: number[] = [];
  readonly columns: Record<Column, Value[]> = { buffer: [], throughput: [], request: [], fetched: [], shown: [] };
  readonly stalls: Stall[] = [];
  readonly switches: Switch[] = [];

  clear(): void {
    this.#drop(this.times.length);
    this.stalls.length = 0;
    this.switches.length = 0;
  }

  /** Adds a moment; one that is reported late is put at the latest time, as a chart's times must rise. */
  add(at: number, sample: Partial<Sample>): void {
    this.times.push(Math.max(at, this.times.at(-1) ?? 0));
    for (const column of Object.keys(this.columns) as Column[]) this.columns[column].push(sample[column] ?? null);
    this.#trim(at);
  }

  /** A stall begins, or the one that goes on ends after `seconds`. */
  stall(at: number, seconds: number | null): void {
    const last = this.stalls.at(-1);
    if (last && last.to === null) {
      if (seconds !== null) last.to = at;
    } else {
      this.stalls.push(seconds === null ? { from: at, to: null } : { from: at - seconds, to: at });
    }
  }

  /** The last known value of a column at or before a row. */
  valueAt(column: Column, row: number): Value {
    const values = this.columns[column];
    for (let i = Math.min(row, values.length - 1); i >= 0; i--) {
      const value = values[i];
      if (value !== null && value !== undefined) return value;
    }
    return null;
  }

  #trim(now: number): void {
    const first = this.times[0] ?? now;
    if (first < now - KEPT - SLACK) {
      const kept = this.times.findIndex((time) => time >= now - KEPT);
      this.#drop(kept < 0 ? this.times.length : kept);
      const before = now - KEPT;
      while (this.stalls[0] && this.stalls[0].to !== null && this.stalls[0].to < before) this.stalls.shift();
      while (this.switches[0] && this.switches[0].at < before) this.switches.shift();
    }
    if (this.times.length > MOST_ROWS) this.#drop(MOST_ROWS / 4);
  }

  #drop(rows: number): void {
    this.times.splice(0, rows);
    for (const column of Object.values(this.columns)) column.splice(0, rows);
  }
}
