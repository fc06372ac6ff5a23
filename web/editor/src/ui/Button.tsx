import type { ButtonHTMLAttributes, ReactNode } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: "primary" | "plain";
  /** A picture without words; `label` says what it does. */
  readonly icon?: ReactNode;
  readonly label?: string;
}

export function Button({ kind, icon, label, children, className = "", ...rest }: Props) {
  const alone = icon !== undefined && children === undefined;
  return (
    <button
      type="button"
      {...rest}
      className={`button ${className}`}
      data-kind={kind}
      data-icon={alone || undefined}
      aria-label={label}
      title={rest.title ?? label}
    >
      {icon}
      {children}
    </button>
  );
}
