/** The mark: a gate, half raised, and the stream that goes under it. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect className="logo-tile" width="32" height="32" rx="9" />
      <path className="logo-frame" d="M8 25V8.5M24 25V8.5M6.5 8h19" />
      <path className="logo-gate" d="M11 11h10v6.5H11zM16 5.5V11" />
      <path
        className="logo-water"
        d="M10.5 21.5c1.8-1.6 3.6-1.6 5.5 0s3.7 1.6 5.5 0M10.5 25.5c1.8-1.6 3.6-1.6 5.5 0s3.7 1.6 5.5 0"
      />
    </svg>
  );
}
