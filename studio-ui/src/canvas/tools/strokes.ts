/** Brush and eraser. */
import type { Mode } from '../types';
import { type Gesture, type Hands, modeOf, paintOf, type Touch } from './tool';

function stroke(hands: Hands, touch: Touch, mode: Mode): Gesture {
  const { settings, document } = hands;
  const { size, hardness, pressure, smoothing } = settings;
  const live = document.beginStroke({ ...paintOf(hands, mode), size, hardness, pressure }, smoothing);
  const from = touch.shift ? hands.lastPoint : null;
  if (from) live.move([{ at: from, pressure: touch.pressure }]);
  live.move([touch]);
  return {
    move: (touches) => live.move(touches),
    end: (last) => {
      hands.lastPoint = last.at;
      hands.done(live.end());
      return false;
    },
    cancel: () => live.cancel(),
  };
}

export const brush = (hands: Hands, touch: Touch): Gesture => stroke(hands, touch, modeOf(touch));
export const eraser = (hands: Hands, touch: Touch): Gesture => stroke(hands, touch, touch.alt ? 'paint' : 'erase');
