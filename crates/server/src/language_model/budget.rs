//! The daily budget of requests to the language model, for each organization.

use crate::db::sql;
use crate::error::Result;
use crate::orgs::OrgTx;

/// Counts a request. Returns false if the organization has none left today.
pub async fn spend(tx: &mut OrgTx, requests_max: u32) -> Result<bool> {
    let today = tx.now.start_of_day();
    let query = sql("
        update orgs set language_model_day = $2, language_model_requests =
            case when language_model_day = $2 then language_model_requests + 1 else 1 end
        where id = $1 and (language_model_day <> $2 or language_model_requests < $3)
    ");
    Ok(tx.execute(query.bind(tx.org_id).bind(today).bind(i64::from(requests_max))).await? > 0)
}
