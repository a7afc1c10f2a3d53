// tests/cmcd/validate.mjs is JavaScript.

declare module "*/validate.mjs" {
  /** Findings in bodies of CMCD v2 event records. */
  export function validate(bodies: { name: string; text: string }[]): {
    records: number;
    findings: { name: string; line: number; by: string; message: string }[];
  };
}
