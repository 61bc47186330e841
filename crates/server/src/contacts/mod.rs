//! Contacts, the people who ask for help: details that the organization knows, and details that they merely claim.

mod routes;
mod store;
mod words;

pub use routes::routes;
pub use store::{find, find_all, search};
pub use words::Words;

use crate::custom_data::{self, CustomData, Scalar};
use crate::error::{Error, Result};
use crate::ids::ContactId;
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use crate::wire::{Email, Maybe, Nullable, Text};
use refrain_nlp::case_fold::fold;
use schemars::JsonSchema;
use serde::Serialize;

/// A person who asks for help.
#[derive(Clone, Debug, crate::db::Record)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Known e-mail address; at most one contact of an organization has it.
    pub email: Option<Email>,
    /// Known phone number.
    pub phone_number: Option<String>,
    /// Known name.
    pub name: Option<String>,
    custom_data: Option<String>,
    /// Name the person gave.
    pub non_verified_name: Option<String>,
    /// E-mail address the person gave.
    pub non_verified_email: Option<Email>,
    /// Phone number the person gave.
    pub non_verified_phone_number: Option<String>,
    non_verified_custom_data: Option<String>,
    /// The time it was created.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

/// The contract's contact, as listed and inside a session.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SessionContact {
    id: ContactId,
    email: Nullable<Email>,
    phone_number: Nullable<String>,
    name: Nullable<String>,
    custom_data: Nullable<CustomData<String>>,
    #[schemars(with = "String")]
    created_at: Timestamp,
    #[schemars(with = "String")]
    updated_at: Timestamp,
    non_verified_name: Nullable<String>,
    #[schemars(with = "Nullable<String>")]
    non_verified_email: Nullable<Email>,
    non_verified_custom_data: Nullable<CustomData>,
}

impl SessionContact {
    /// Leaves out all that tells who it is.
    pub fn without_details(self) -> Self {
        Self {
            id: self.id,
            email: None.into(),
            phone_number: None.into(),
            name: None.into(),
            custom_data: None.into(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            non_verified_name: None.into(),
            non_verified_email: None.into(),
            non_verified_custom_data: None.into(),
        }
    }
}

impl TryFrom<Contact> for SessionContact {
    type Error = anyhow::Error;

    fn try_from(contact: Contact) -> anyhow::Result<Self> {
        let custom_data = contact.custom_data.as_deref().map(|text| CustomData::from_column(Some(text)));
        let claimed = contact.non_verified_custom_data.as_deref();
        Ok(Self {
            id: contact.id,
            email: contact.email.into(),
            // the contract has one member for both
            phone_number: contact.phone_number.or(contact.non_verified_phone_number).into(),
            name: contact.name.into(),
            custom_data: custom_data.transpose()?.into(),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            non_verified_name: contact.non_verified_name.into(),
            non_verified_email: contact.non_verified_email.into(),
            non_verified_custom_data: claimed
                .map(|text| CustomData::from_column(Some(text)))
                .transpose()?
                .into(),
        })
    }
}

/// Details of a contact, from someone who knows or from the contact.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// E-mail address.
    pub email: Option<Email>,
    /// Phone number.
    pub phone_number: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Custom data, added key by key.
    pub custom_data: Option<CustomData<String>>,
}

impl Details {
    /// Makes details of the members of a request.
    pub fn of_request(
        email: Maybe<Email>,
        phone_number: Maybe<Text<100>>,
        name: Maybe<Text<300>>,
        custom_data: Maybe<CustomData<String>>,
    ) -> Self {
        Self {
            email: email.0,
            phone_number: phone_number.0.map(|text| text.0),
            name: name.0.map(|text| text.0),
            custom_data: custom_data.0,
        }
    }

    /// Returns true if there are no details.
    pub fn is_empty(&self) -> bool {
        self.email.is_none()
            && self.phone_number.is_none()
            && self.name.is_none()
            && self.custom_data.is_none()
    }
}

/// The one who confirmed the contact details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The organization.
    Verified,
    /// Nobody but the contact.
    NonVerified,
}

impl Contact {
    fn new(tx: &OrgTx) -> Self {
        Self {
            id: ContactId::new(tx.now),
            email: None,
            phone_number: None,
            name: None,
            custom_data: None,
            non_verified_name: None,
            non_verified_email: None,
            non_verified_phone_number: None,
            non_verified_custom_data: None,
            created_at: tx.now,
            updated_at: tx.now,
        }
    }

    /// Returns the details that the organization knows.
    pub fn known(&self) -> Result<Details> {
        let custom_data = self.custom_data.as_deref().map(|text| CustomData::from_column(Some(text)));
        Ok(Details {
            email: self.email.clone(),
            phone_number: self.phone_number.clone(),
            name: self.name.clone(),
            custom_data: custom_data.transpose()?,
        })
    }

    /// Returns the details that the contact gave and nobody confirmed.
    pub fn claimed(&self) -> Result<Details> {
        let custom_data = match self.non_verified_custom_data {
            Some(_) => Some(CustomData(self.claimed_data()?.0.into_iter().map(text_value).collect())),
            None => None,
        };
        Ok(Details {
            email: self.non_verified_email.clone(),
            phone_number: self.non_verified_phone_number.clone(),
            name: self.non_verified_name.clone(),
            custom_data,
        })
    }

    /// Returns about how many bytes it is shown in.
    pub fn bytes(&self) -> usize {
        let data = [&self.custom_data, &self.non_verified_custom_data];
        data.into_iter().flatten().map(String::len).sum()
    }

    /// Lists the names the contact is known by or claims to have.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.name.as_deref().into_iter().chain(self.non_verified_name.as_deref())
    }

    /// Takes over details, as verified or as claimed.
    fn learn(&mut self, details: Details, trust: Trust) -> Result<()> {
        match trust {
            Trust::Verified => {
                self.email = details.email.or(self.email.take());
                self.phone_number = details.phone_number.or(self.phone_number.take());
                self.name = details.name.or(self.name.take());
                if let Some(new) = details.custom_data {
                    let mut data = CustomData::<String>::from_column(self.custom_data.as_deref())?;
                    data.merge(new)?;
                    self.custom_data = Some(data.to_column()?);
                }
            }
            Trust::NonVerified => {
                self.non_verified_email = details.email.or(self.non_verified_email.take());
                self.non_verified_phone_number =
                    details.phone_number.or(self.non_verified_phone_number.take());
                self.non_verified_name = details.name.or(self.non_verified_name.take());
                if let Some(new) = details.custom_data {
                    let mut data = self.claimed_data()?;
                    data.merge(CustomData(new.0.into_iter().map(|(k, v)| (k, Scalar::Text(v))).collect()))?;
                    self.non_verified_custom_data = Some(data.to_column()?);
                }
            }
        }
        Ok(())
    }

    fn claimed_data(&self) -> Result<CustomData> {
        Ok(CustomData::from_column(self.non_verified_custom_data.as_deref())?)
    }

    /// Returns the custom data that filters see: of each key the verified value, else the other.
    fn filtered_data(&self) -> Result<CustomData> {
        let mut data = self.claimed_data()?;
        let verified = CustomData::<Scalar>::from_column(self.custom_data.as_deref())?;
        data.0.extend(verified.0);
        Ok(data)
    }

    fn search_folded(&self) -> String {
        let parts = [
            self.name.as_deref(),
            self.email.as_ref().map(Email::as_str),
            self.phone_number.as_deref(),
            self.non_verified_phone_number.as_deref(),
            self.non_verified_name.as_deref(),
            self.non_verified_email.as_ref().map(Email::as_str),
        ];
        fold(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }
}

/// Finds the contact that `details` are of and updates it, or creates it. A verified one is known by its e-mail
/// address, else its phone number. A claim never reaches a contact of whom either is verified, and who is verified is
/// never found by a claim.
pub async fn save(tx: &mut OrgTx, details: Details, trust: Trust) -> Result<ContactId> {
    match store::find_same(tx, &details, trust).await? {
        Some(contact) => update(tx, contact, details, trust).await,
        None => {
            let mut contact = Contact::new(tx);
            contact.learn(details, trust)?;
            write(tx, contact, true).await
        }
    }
}

/// Does as [`save`] for somebody who is also known by an id: where no address or number leads to a contact, it is that of the
/// id, and created with it if there is none. One of another address is somebody else.
pub async fn save_as(tx: &mut OrgTx, id: ContactId, details: Details, trust: Trust) -> Result<ContactId> {
    if let Some(contact) = store::find_same(tx, &details, trust).await? {
        return update(tx, contact, details, trust).await;
    }
    let org_id = tx.org_id;
    let mut contact = match find(&mut *tx, org_id, id).await? {
        Some(contact) if contact.email.is_none() || details.email.is_none() => {
            return update(tx, contact, details, trust).await;
        }
        Some(_) => Contact::new(tx),
        None => Contact { id, ..Contact::new(tx) },
    };
    contact.learn(details, trust)?;
    write(tx, contact, true).await
}

/// Finds the contact of an export, or creates it with its id if neither that nor its e-mail address is known. One that
/// is there stays as it is.
pub async fn restore(
    tx: &mut OrgTx,
    id: ContactId,
    created_at: Option<Timestamp>,
    known: Details,
    claimed: Details,
) -> Result<ContactId> {
    let org_id = tx.org_id;
    let by_email = Details { email: known.email.clone(), ..Details::default() };
    let found = match find(&mut *tx, org_id, id).await? {
        Some(contact) => Some(contact),
        None => store::find_same(tx, &by_email, Trust::Verified).await?,
    };
    if let Some(contact) = found {
        return Ok(contact.id);
    }
    let mut contact = Contact { id, created_at: created_at.unwrap_or(tx.now), ..Contact::new(tx) };
    contact.learn(known, Trust::Verified)?;
    contact.learn(claimed, Trust::NonVerified)?;
    write(tx, contact, true).await
}

/// Updates a contact.
pub async fn update(
    tx: &mut OrgTx,
    mut contact: Contact,
    details: Details,
    trust: Trust,
) -> Result<ContactId> {
    let names: Vec<String> = contact.names().map(str::to_owned).collect();
    contact.learn(details, trust)?;
    if !contact.names().eq(names.iter().map(String::as_str)) {
        tx.renamed.insert(contact.id);
    }
    write(tx, contact, false).await
}

async fn write(tx: &mut OrgTx, mut contact: Contact, is_new: bool) -> Result<ContactId> {
    contact.updated_at = tx.now;
    if is_new {
        store::insert(tx, &contact).await?;
    } else {
        store::update(tx, &contact).await?;
    }
    let org_id = tx.org_id;
    custom_data::CONTACTS.replace(tx, org_id, contact.id, &contact.filtered_data()?).await?;
    tx.changed(Subject::Contact, contact.id);
    Ok(contact.id)
}

fn text_value((key, value): (String, Scalar)) -> (String, String) {
    let text = value.as_text().into_owned();
    (key, text)
}

/// Collects the words that a contact is known by.
pub async fn words(tx: &mut OrgTx, contact: &Contact) -> Result<Words> {
    Ok(Words::of(contact, store::own_values(tx, contact.id).await?))
}

/// Deletes a contact; its sessions stay, without a contact.
pub async fn delete(tx: &mut OrgTx, id: ContactId) -> Result<()> {
    tx.deleting(Subject::Contact, id).await?;
    store::delete(tx, id).await
}

/// Finds the contact of this id. A contact that is absent or another organization's is a 404.
pub async fn require(tx: &mut OrgTx, id: ContactId) -> Result<Contact> {
    let org_id = tx.org_id;
    find(tx, org_id, id).await?.ok_or(Error::NotFound("contact"))
}
