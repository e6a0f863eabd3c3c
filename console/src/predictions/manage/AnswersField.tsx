import type { GameDetails } from '@greenroom/client';
import Checkbox from '@mui/material/Checkbox';
import FormControl from '@mui/material/FormControl';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormGroup from '@mui/material/FormGroup';
import FormHelperText from '@mui/material/FormHelperText';
import FormLabel from '@mui/material/FormLabel';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { useState } from 'react';
import { messages as m } from '../../messages.ts';
import { allTargets, NONE_TARGET, targetLevel, targetName } from '../live/targets.ts';

interface AnswersFieldProps {
  game: GameDetails;
  chosen: string[];
  onChange: (targets: string[]) => void;
}

/** Chooses targets of one level (PL1). */
export function AnswersField({ game, chosen, onChange }: AnswersFieldProps) {
  const [level, setLevel] = useState(1);
  const targets = allTargets(game.targets).filter(({ target_id }) => target_id !== NONE_TARGET);
  const levels = [...new Set(targets.map(({ target_id }) => targetLevel(target_id)))].sort((a, b) => a - b);
  const toggle = (targetId: string, isChosen: boolean) =>
    onChange(isChosen ? [...chosen, targetId] : chosen.filter((id) => id !== targetId));
  return (
    <>
      {levels.length > 1 && (
        <TextField
          select
          label={m.manage.level}
          value={level}
          onChange={(event) => {
            setLevel(Number(event.target.value));
            onChange([]);
          }}
        >
          {levels.map((number) => (
            <MenuItem key={number} value={number}>
              {number === 1 ? m.manage.levelOne : m.manage.levelMore(number)}
            </MenuItem>
          ))}
        </TextField>
      )}
      <FormControl component="fieldset" variant="standard">
        <FormLabel component="legend">{m.manage.answers}</FormLabel>
        <FormGroup row>
          {targets
            .filter(({ target_id }) => targetLevel(target_id) === level)
            .map(({ target_id }) => (
              <FormControlLabel
                key={target_id}
                control={
                  <Checkbox
                    checked={chosen.includes(target_id)}
                    onChange={(_, isChecked) => toggle(target_id, isChecked)}
                  />
                }
                label={targetName(game.targets, target_id)}
              />
            ))}
        </FormGroup>
        <FormHelperText sx={{ mx: 0 }}>{m.manage.answersHelp}</FormHelperText>
      </FormControl>
    </>
  );
}
