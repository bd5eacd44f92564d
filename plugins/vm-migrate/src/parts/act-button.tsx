/**
 * A button for an act that may be impossible now: then it stays where it is and can be reached, does
 * nothing, and says why.
 */
import { Button, Tooltip, TooltipTrigger } from '@backstage/ui';
import type { ReactElement, ReactNode } from 'react';
import styles from './act-button.module.css';

export interface ActButtonProps {
  readonly children: ReactNode;
  readonly icon?: ReactElement;
  readonly variant?: 'primary' | 'secondary' | 'tertiary';
  readonly isPending?: boolean;
  /** Why it may not be pressed now, for a person; undefined: it may. */
  readonly refused?: string | undefined;
  /** What it does, where its word says too little. */
  readonly hint?: string | undefined;
  readonly onPress: () => void;
}

export function ActButton({
  children,
  icon,
  variant = 'secondary',
  isPending = false,
  refused,
  hint,
  onPress,
}: ActButtonProps) {
  const words = refused ?? hint;
  const button = (
    <Button
      variant={variant}
      size="small"
      isPending={isPending}
      {...(icon === undefined ? {} : { iconStart: icon })}
      {...(refused === undefined
        ? { onPress }
        : { 'aria-disabled': true, className: styles['refused'] ?? '' })}
    >
      {children}
    </Button>
  );
  if (words === undefined) return button;
  return (
    <TooltipTrigger delay={300}>
      {button}
      <Tooltip>{words}</Tooltip>
    </TooltipTrigger>
  );
}
