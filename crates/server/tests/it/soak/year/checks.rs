//! Every number and every return of the year, checked.

use super::returns::Returns;
use super::{Fate, Year};
use std::collections::HashSet;

impl Year {
    pub(super) async fn returns(&self, days: i64) -> Returns {
        let (mut returns, mut seen) = (Returns::default(), HashSet::new());
        for topic in self.topics.iter().filter(|topic| topic.fate == Fate::UntilEscalating) {
            let on = self.first(topic, "resurfaced").await;
            let insight = self.t.get_ok(&format!("/insights/{}", topic.insight)).await;
            if !seen.insert(insight["id"].to_string()) {
                continue;
            }
            match topic.grows {
                _ if topic.merges.is_some() => returns.merged.push(on),
                Some((from, times)) if from < days => returns.grown.push((from, times, on)),
                _ => returns.quiet.push((topic.rate, on)),
            }
        }
        returns
    }

    /// Whether all that waits for conversations was back on the very day.
    pub(super) async fn check_counts(&self) -> String {
        let (mut counted, mut regressed) = (0, 0);
        for topic in &self.topics {
            if let Fate::UntilCount(target) = topic.fate {
                let mut left = target;
                let day = topic.days.iter().find(|(_, count)| {
                    left = left.saturating_sub(**count);
                    left == 0
                });
                let day = day.map(|(day, _)| *day);
                assert_eq!(self.first(topic, "resurfaced").await, day, "{} {target}", topic.text);
                counted += 1;
            }
            if topic.fate == Fate::Resolved {
                let day = topic.days.keys().next().copied();
                assert_eq!(self.first(topic, "regressed").await, day, "{}", topic.text);
                regressed += 1;
            }
        }
        format!("{counted} until a count and {regressed} resolved: each was back on its day\n")
    }

    /// Whether every number is as many as are listed.
    pub(super) async fn check_numbers(&self) -> String {
        let insights = self.insights().await;
        let mut sum = 0;
        for insight in &insights {
            let listed = self.sessions(insight).await.len();
            assert_eq!(insight["occurrence_count"], listed, "{insight:#}");
            sum += listed;
        }
        format!(
            "{} conversations, {} insights with {sum}, every number as listed\n",
            self.said,
            insights.len()
        )
    }

    pub(super) async fn shadow(&self) -> String {
        let shadow = self.t.get_ok("/insights/shadow").await.as_array().unwrap().len();
        let forever = self.topics.iter().filter(|topic| topic.fate == Fate::Forever).count();
        format!("{shadow} of {forever} archived forever would have returned\n")
    }
}
