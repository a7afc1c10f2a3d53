// What the inspector's module gives: the shapes of `thalweg inspect --json`, as far as they are shown. Absent values are null.

export interface Warning {
  code: string;
  /** From 1; 0 where it stands for the whole manifest. */
  line: number;
  message: string;
}

export interface ByteRange {
  offset: number;
  length: number;
}

export interface Init {
  uri: string;
  byterange: ByteRange | null;
}

/** A segment that is to be looked into, and what the manifest says of it. */
export interface Wanted {
  uri: string;
  byterange: ByteRange | null;
  init: Init | null;
  /** Seconds. */
  duration: number | null;
  /** Peak of the rendition, bits a second. */
  declared: number | null;
  key: Key | null;
}

/** Looks into a segment. */
export type Look = (segment: Wanted) => void;

interface Read {
  warnings: Warning[];
  /** What became of it beside the one before, if there was one. */
  changes?: { outcome: string; missed?: number } | null;
}

export interface Variant {
  uri: string | null;
  bandwidth: number | null;
  average_bandwidth: number | null;
  codecs: string | null;
  width: number | null;
  height: number | null;
  frame_rate: number | null;
  video_range: string | null;
  audio: string | null;
  video: string | null;
  subtitles: string | null;
  closed_captions: string | null;
  pathway_id: string | null;
}

export interface Rendition {
  type: string;
  group: string;
  name: string;
  language: string | null;
  default: boolean;
  autoselect: boolean;
  forced: boolean;
  channels: string | null;
  characteristics: string | null;
  instream_id: string | null;
  uri: string | null;
}

export interface Multivariant extends Read {
  format: "hls";
  kind: "multivariant";
  version: number | null;
  independent_segments: boolean;
  variants: Variant[];
  iframe_variants: Variant[];
  renditions: Rendition[];
  session_data: { data_id: string; value: string | null; uri: string | null; language: string | null }[];
  session_keys: Key[];
  content_steering: { server_uri: string; pathway_id: string | null } | null;
  start: { time_offset: number; precise: boolean } | null;
  defines: Record<string, string>;
}

export interface Key {
  method: string;
  uri: string | null;
  iv: string | null;
  keyformat: string | null;
}

export interface Part {
  uri: string;
  duration: number;
  independent: boolean;
  gap: boolean;
  byterange: ByteRange | null;
}

export interface Segment {
  uri: string | null;
  start: number | null;
  /** Of a segment that is not finished: null. */
  duration: number | null;
  byterange: ByteRange | null;
  /** HLS. */
  sequence?: number;
  title?: string | null;
  discontinuity?: boolean;
  map?: Init | null;
  key?: Key | null;
  program_date_time?: string | null;
  gap?: boolean;
  bitrate?: number | null;
  cue?: { kind: "out" | "cont" | "in"; duration: number | null } | null;
  parts?: Part[];
  /** DASH. */
  number?: number | null;
}

export interface DateRange {
  id: string;
  class: string | null;
  start_date: string | null;
  end_date: string | null;
  duration: number | null;
  planned_duration: number | null;
  [attribute: string]: unknown;
}

export interface Media extends Read {
  format: "hls";
  kind: "media";
  version: number | null;
  target_duration: number | null;
  media_sequence: number;
  discontinuity_sequence: number;
  playlist_type: string | null;
  endlist: boolean;
  is_live: boolean;
  iframes_only: boolean;
  independent_segments: boolean;
  total_duration: number;
  part_target_duration: number | null;
  server_control: { can_block_reload: boolean; hold_back: number | null; part_hold_back: number | null; can_skip_until: number | null } | null;
  skipped_segments: number | null;
  segments: Segment[];
  preload_hints: { type: string; uri: string; byterange: ByteRange | null }[];
  rendition_reports: { uri: string; last_msn: number | null; last_part: number | null }[];
  dateranges: DateRange[];
}

export interface Representation {
  id: string | null;
  bandwidth: number | null;
  codecs: string | null;
  width: number | null;
  height: number | null;
  frame_rate: number | null;
  audio_sampling_rate: number | null;
  channels: number | null;
  addressing: string;
  timescale: number | null;
  init: Init | null;
  index: Init | null;
  tiles: { columns: number; rows: number } | null;
  segments: Segment[];
}

export interface AdaptationSet {
  id: string | null;
  type: string | null;
  mime: string | null;
  language: string | null;
  roles: string[];
  label: string | null;
  dropped: string | null;
  protection: { scheme: string; default_kid: string | null }[];
  representations: Representation[];
}

export interface Period {
  id: string | null;
  start: number | null;
  duration: number | null;
  event_streams: { scheme: string; value: string | null; timescale: number; events: { id: string | number | null; start: number; duration: number | null; message: unknown }[] }[];
  adaptation_sets: AdaptationSet[];
}

export interface Mpd extends Read {
  format: "dash";
  kind: "mpd";
  type: "static" | "dynamic";
  duration: number | null;
  availability_start_time: string | null;
  minimum_update_period: number | null;
  suggested_presentation_delay: number | null;
  time_shift_buffer_depth: number | null;
  min_buffer_time: number | null;
  max_segment_duration: number | null;
  locations: string[];
  patch_location: unknown;
  utc_timings: { scheme: string; value: string | null }[];
  content_steering: unknown;
  service_description: unknown;
  periods: Period[];
}

/** A manifest that cannot be used. */
export interface Refusal {
  error: { code: string; category: string; message: string; context: { url?: string | null; position?: number | null; what?: string | null } };
}

export type Manifest = Multivariant | Media | Mpd | Refusal;

/** What the parser of others made of it. */
export interface Judgement {
  judge: string;
  tree: unknown;
  disagreements: Disagreement[];
}

export interface Disagreement {
  /** The place in our object. */
  what: string;
  /** The place in their tree, a JSON pointer. */
  at: string;
  ours: unknown;
  theirs: unknown;
}
