/** A button that says why it may not be pressed: it stays reachable by keyboard, and its tooltip is the reason. */
import { Button, Tooltip, TooltipTrigger, type ButtonProps } from '@backstage/ui';
import styles from './parts.module.css';

export interface ReasonButtonProps extends Omit<ButtonProps, 'isDisabled' | 'aria-disabled'> {
  /** Why it may not be pressed now; undefined when it may. */
  readonly refusal: string | undefined;
}

export function ReasonButton({ refusal, onPress, ...button }: ReasonButtonProps) {
  const refused = refusal !== undefined;
  return (
    <TooltipTrigger delay={200} isDisabled={!refused}>
      <Button
        {...button}
        {...(refused
          ? { 'aria-disabled': true, className: styles['refused'] ?? '', variant: 'secondary' }
          : { ...(onPress === undefined ? {} : { onPress }) })}
      />
      <Tooltip>{refusal}</Tooltip>
    </TooltipTrigger>
  );
}
